/** Module that each thread of a transfer loads: tasks of the codec and tasks for small files. */
import { task } from "@holdfast/codec/task";
import { readFiles } from "./read-files.ts";
import { openWindow } from "./get/open-window.ts";
import { writeFilesTask as writeFiles } from "./get/write-files-task.ts";

export { cutWindowTask, encodeBlocksTask, encodeWindowTask, findCutsTask } from "@holdfast/codec/worker";
export const openWindowTask = task(openWindow);
export const readFilesTask = task(readFiles);
export const writeFilesTask = writeFiles;
