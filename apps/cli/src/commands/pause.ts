import { pauseOrResume } from "./pause-or-resume.ts";

export const pauseCommand = pauseOrResume("pause", "Pause a sync until 'resume', even across restarts");
