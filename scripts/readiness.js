// What a clone lacks before it can run: the right Node, the dependencies of the lock file, a build
// that is not older than its sources. Plain Node without dependencies, since it is asked before
// there are any.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Why this Node cannot run the project, or its checks, whose tools want newer ones; undefined if it
 * can.
 */
export function nodeProblem(version, isForChecks = false) {
  const [major, minor] = version.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 12)) {
    return `Node ${version} is too old: install Node 20.12 or later (https://nodejs.org)`;
  }
  const checksFrom = { 20: 19, 21: Number.POSITIVE_INFINITY, 22: 12, 23: Number.POSITIVE_INFINITY };
  if (!isForChecks || minor >= (checksFrom[major] ?? 0)) return undefined;
  return (
    `Node ${version} runs the network, but not its checks: ` +
    'these need 20.19, 22.12 or 24, or a later one of each (https://nodejs.org)'
  );
}

/** Whether the packages that stand in node_modules are those of the lock file. */
export function isInstalled(folder) {
  const wanted = lockedPackages(join(folder, 'package-lock.json'));
  // npm writes down what it has installed, in the lock file's own form.
  const present = lockedPackages(join(folder, 'node_modules', '.package-lock.json'));
  if (wanted === undefined || present === undefined) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    const installed = present[path];
    // The project itself and its workspaces are no installed packages; the links to them are. What
    // is optional depends on the machine.
    if (!path.includes('node_modules/')) return true;
    if (installed === undefined) return entry.optional === true || entry.peer === true;
    // Of packages for other machines the lock file may know no integrity.
    const isSame = entry.integrity === undefined || installed.integrity === entry.integrity;
    return installed.version === entry.version && isSame;
  });
}

function lockedPackages(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/** Whether every package is built, and none of its sources is newer than its build. */
export function isBuilt(folder) {
  const settings = newestMs(folder, ['tsconfig.base.json', 'tsconfig.json']);
  return readdirSync(join(folder, 'packages')).every((name) => {
    const home = join(folder, 'packages', name);
    if (!existsSync(join(home, 'tsconfig.json'))) return true;
    const sources = existsSync(join(home, 'src')) ? filesBelow(join(home, 'src')) : [];
    const newest = Math.max(settings, newestMs(home, ['tsconfig.json']), newestMs('', sources));
    const built = newestMs(home, [join('dist', '.tsbuildinfo')]);
    return built >= newest;
  });
}

function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

/** The latest change of the files; minus infinity if none is there. */
function newestMs(folder, files) {
  const times = files.map(
    (file) => statSync(join(folder, file), { throwIfNoEntry: false })?.mtimeMs,
  );
  return Math.max(...times.map((time) => time ?? Number.NEGATIVE_INFINITY));
}
