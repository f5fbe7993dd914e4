import { limits } from "@holdfast/core/limits";

const server = process.ppid;

/** Thread that ends its process when it uses too much memory, or when the server that limits its time has ended. */
setInterval(() => {
  if (process.memoryUsage.rss() > limits.thumbMemoryBytesMax || process.ppid !== server)
    process.kill(process.pid, "SIGKILL");
}, 20);
