import { limits } from "@holdfast/core/limits";

/** Thread that ends its process when it uses too much memory. */
setInterval(() => {
  if (process.memoryUsage.rss() > limits.thumbMemoryBytesMax) process.kill(process.pid, "SIGKILL");
}, 20);
