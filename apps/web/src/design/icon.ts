import type { LucideIcon } from "lucide-react";

/** Of lucide-react, imported singly: `import Folder from "lucide-react/icons/folder"`. */
export type Icon = LucideIcon;
