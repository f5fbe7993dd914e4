import { pauseOrResume } from "./pause-or-resume.ts";

export const resumeCommand = pauseOrResume("resume", "Let a paused sync go on");
