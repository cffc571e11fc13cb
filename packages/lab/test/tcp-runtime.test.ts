import { describeRuntime } from './runtime-conformance.js';
import { tcpBench } from './tcp-bench.js';

describeRuntime('TCP', tcpBench);
