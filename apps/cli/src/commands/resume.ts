import { pauseOrResume } from "./pause-or-resume.ts";

export const resumeCommand = pauseOrResume("resume", "Resume a paused sync");
