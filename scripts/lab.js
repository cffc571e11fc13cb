// `npm start` and `npm run soak`: makes the project ready and becomes the `lab` program, in one
// process. npm calls it with `exec`, so that no shell stands between the two: Ctrl-C would end that
// shell at once, and npm with it, while the network still prints its summary.
import './prepare.js';

await import('../packages/lab/bin/lab.js');
