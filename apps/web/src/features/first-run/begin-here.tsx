import { Link } from "@tanstack/react-router";
import FolderSync from "lucide-react/icons/folder-sync";
import Upload from "lucide-react/icons/upload";
import UserPlus from "lucide-react/icons/user-plus";
import type { ReactNode } from "react";
import { useAccount } from "../../data/account.ts";
import { Button, buttonLook } from "../../design/button.tsx";
import { CopyField } from "../../design/copy-field.tsx";
import type { Icon as IconType } from "../../design/icon.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { clientCommands } from "../../messages/client-commands.ts";
import { SharedWithYou } from "./shared-with-you.tsx";

/** Start page of an empty drive. */
export function BeginHere({ onUpload }: { readonly onUpload: () => void }) {
  const { message } = useMessages();
  const { data: account } = useAccount();
  return (
    <section className="mx-auto flex w-full max-w-240 flex-col gap-6 px-4 py-8 sm:px-6">
      <div>
        <h2 className="text-xl font-semibold">{message("firstRun.title")}</h2>
        <p className="mt-1 text-muted">{message("firstRun.about")}</p>
      </div>
      <SharedWithYou />
      <div className="grid gap-4 md:grid-cols-2">
        <Way Icon={Upload} title={message("firstRun.drop")} about={message("firstRun.dropAbout")}>
          <Button kind="primary" Icon={Upload} onClick={onUpload}>
            {message("shell.upload")}
          </Button>
        </Way>
        <Way
          Icon={UserPlus}
          title={message("firstRun.invite")}
          about={message(account?.admin === true ? "firstRun.inviteAbout" : "firstRun.shareAbout")}
        >
          {account?.admin === true && (
            <Link to="/admin/{-$section}" params={{ section: "invitations" }} className={buttonLook("secondary")}>
              {message("firstRun.inviteAct")}
            </Link>
          )}
        </Way>
        <div className="md:col-span-2">
          <Way Icon={FolderSync} title={message("firstRun.install")} about={message("firstRun.installAbout")}>
            {account !== undefined && (
              <CopyField label={message("firstRun.commands")} text={clientCommands(account, location.origin)} />
            )}
          </Way>
        </div>
      </div>
    </section>
  );
}

interface WayProps {
  readonly Icon: IconType;
  readonly title: string;
  readonly about: string;
  readonly children: ReactNode;
}

function Way({ Icon, title, about, children }: WayProps) {
  return (
    <div className="flex h-full flex-col items-start gap-3 rounded-lg bg-surface p-6 shadow-card forced-colors:border">
      <Icon aria-hidden size={24} strokeWidth={1.5} className="text-accent" />
      <h3 className="text-lg font-semibold">{title}</h3>
      <p className="max-w-prose flex-1 text-muted">{about}</p>
      {children}
    </div>
  );
}
