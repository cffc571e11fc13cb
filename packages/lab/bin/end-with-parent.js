// Loaded into every node of a fleet before its program. The fleet holds one end of a channel, and
// when the fleet's process is gone, killed outright even, the node ends as if it were asked to.
const graceMs = 5_000;

process.once('disconnect', () => {
  process.kill(process.pid, 'SIGTERM');
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), graceMs).unref();
});
process.channel?.unref();
