import { createContext, useContext } from "react";
import type { Drive } from "./drive.ts";

export const DriveContext = createContext<Drive | undefined>(undefined);

export function useDrive(): Drive {
  const drive = useContext(DriveContext);
  if (drive === undefined) throw new Error("Components must be inside DriveContext.");
  return drive;
}
