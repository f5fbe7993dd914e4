import type { LucideIcon } from "lucide-react";

/** Import icons one by one: `import Folder from "lucide-react/icons/folder"`. */
export type Icon = LucideIcon;
