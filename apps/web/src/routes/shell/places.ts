import Clock from "lucide-react/icons/clock";
import Folder from "lucide-react/icons/folder";
import Star from "lucide-react/icons/star";
import Trash from "lucide-react/icons/trash-2";
import Users from "lucide-react/icons/users";

export const places = [
  { to: "/files", name: "place.files", Icon: Folder },
  { to: "/recent", name: "place.recent", Icon: Clock },
  { to: "/starred", name: "place.starred", Icon: Star },
  { to: "/shared", name: "place.shared", Icon: Users },
  { to: "/trash", name: "place.trash", Icon: Trash },
] as const;
