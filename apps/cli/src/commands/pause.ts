import { pauseOrResume } from "./pause-or-resume.ts";

export const pauseCommand = pauseOrResume("pause", "Let a sync rest until 'resume', also over restarts");
