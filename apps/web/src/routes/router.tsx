import { createRootRouteWithContext, createRoute, createRouter, redirect } from "@tanstack/react-router";
import type { AccountDrive } from "../data/account-drive.ts";
import {
  findSearch,
  listSearch,
  parseSearch,
  rewindSearch,
  sharedSearch,
  signInSearch,
  writeSearch,
} from "./place-search.ts";
import { withWords } from "../messages/use-messages.ts";
import { FilesPlace } from "./files.tsx";
import { lazyPlace } from "./lazy-place.ts";
import { PageFailed, PageNotFound, PlaceFailed } from "./place-problems.tsx";
import { Root } from "./root.tsx";
import { Shell } from "./shell/shell.tsx";

// Places in the order of the navigation, one file each. All but the file list are loaded on first visit.

interface Context {
  readonly drive: AccountDrive;
}

const root = createRootRouteWithContext<Context>()({
  component: Root,
  notFoundComponent: PageNotFound,
  errorComponent: PageFailed,
});

/** Returns here after the sign-in. */
async function asSignedIn({
  context: { drive },
  location,
}: {
  readonly context: Context;
  readonly location: { readonly href: string };
}) {
  // Without the server, the shell offers the offline files.
  const state = await drive.reach.start();
  if (state !== "signed_out" && state !== "leaving") return;
  // oxlint-disable-next-line typescript/only-throw-error -- how the router is told
  throw redirect({ to: "/sign-in", search: { next: location.href }, replace: true });
}

const shell = createRoute({
  getParentRoute: () => root,
  id: "shell",
  beforeLoad: asSignedIn,
  component: Shell,
  errorComponent: PageFailed,
});

/** A single question, without navigation. */
const signedIn = createRoute({
  getParentRoute: () => root,
  id: "signed-in",
  beforeLoad: asSignedIn,
  component: lazyPlace(() => import("./signed-in.tsx"), "SignedIn"),
});
const authorize = createRoute({
  getParentRoute: () => signedIn,
  path: "/authorize/$id",
  component: lazyPlace(() => withWords(import("../features/programs/authorize.tsx")), "AuthorizePlace"),
});
const device = createRoute({
  getParentRoute: () => signedIn,
  path: "/device",
  component: lazyPlace(() => withWords(import("../features/programs/device.tsx")), "DevicePlace"),
});

const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: () => {
    // oxlint-disable-next-line typescript/only-throw-error -- how the router is told
    throw redirect({ to: "/files", replace: true });
  },
});

const ownFiles = createRoute({
  getParentRoute: () => shell,
  path: "/files",
  validateSearch: listSearch,
  component: FilesPlace,
});
const files = createRoute({
  getParentRoute: () => shell,
  path: "/files/$id",
  validateSearch: listSearch,
  component: FilesPlace,
});
/** Address of "Copy internal link". */
const copiedLink = createRoute({
  getParentRoute: () => shell,
  path: "/f/$id",
  validateSearch: listSearch,
  component: lazyPlace(() => import("./copied-link.tsx"), "CopiedLinkPlace"),
});
const recent = createRoute({
  getParentRoute: () => shell,
  path: "/recent",
  validateSearch: listSearch,
  component: lazyPlace(() => import("./recent.tsx"), "RecentPlace"),
});
const starred = createRoute({
  getParentRoute: () => shell,
  path: "/starred",
  validateSearch: listSearch,
  component: lazyPlace(() => import("./starred.tsx"), "StarredPlace"),
});
const shared = createRoute({
  getParentRoute: () => shell,
  path: "/shared",
  validateSearch: sharedSearch,
  component: lazyPlace(() => withWords(import("./shared.tsx")), "SharedPlace"),
});
const trash = createRoute({
  getParentRoute: () => shell,
  path: "/trash",
  validateSearch: listSearch,
  component: lazyPlace(() => import("./trash.tsx"), "TrashPlace"),
});
const search = createRoute({
  getParentRoute: () => shell,
  path: "/search",
  validateSearch: findSearch,
  component: lazyPlace(() => withWords(import("./search.tsx")), "SearchPlace"),
});
const edit = createRoute({
  getParentRoute: () => shell,
  path: "/edit/$id",
  component: lazyPlace(() => withWords(import("./edit.tsx")), "EditPlace"),
});
const rewind = createRoute({
  getParentRoute: () => shell,
  path: "/rewind/$id",
  validateSearch: rewindSearch,
  component: lazyPlace(() => withWords(import("./rewind.tsx")), "RewindPlace"),
});
const saveLink = createRoute({
  getParentRoute: () => shell,
  path: "/save/$token",
  component: lazyPlace(() => withWords(import("./save-link.tsx")), "SaveLinkPlace"),
});
const receive = createRoute({
  getParentRoute: () => shell,
  path: "/receive",
  component: lazyPlace(() => withWords(import("./receive.tsx")), "ReceivePlace"),
});
const settings = createRoute({
  getParentRoute: () => shell,
  path: "/settings/{-$section}",
  component: lazyPlace(() => withWords(import("./settings.tsx")), "SettingsPlace"),
});
const admin = createRoute({
  getParentRoute: () => shell,
  path: "/admin/{-$section}",
  component: lazyPlace(() => withWords(import("./admin.tsx")), "AdminPlace"),
});

/** Fragment: token of a set-up, an invitation, a confirmation or a password reset. */
const setup = createRoute({
  getParentRoute: () => root,
  path: "/setup",
  component: lazyPlace(() => withWords(import("./setup.tsx")), "SetupPlace"),
});
const invite = createRoute({
  getParentRoute: () => root,
  path: "/invite",
  component: lazyPlace(() => withWords(import("./setup.tsx")), "SetupPlace"),
});
const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: signInSearch,
  component: lazyPlace(() => import("./sign-in.tsx"), "SignInPlace"),
});
const outside = createRoute({
  getParentRoute: () => root,
  path: "/sign-in/callback",
  component: lazyPlace(() => withWords(import("../features/sign-in/outside-return.tsx")), "OutsideReturn"),
});
/** Works with or without a session, because programs send browsers here. */
const signOut = createRoute({
  getParentRoute: () => root,
  path: "/sign-out",
  component: lazyPlace(() => withWords(import("../features/programs/sign-out.tsx")), "SignOutPlace"),
});
const forgot = createRoute({
  getParentRoute: () => root,
  path: "/forgot",
  component: lazyPlace(() => withWords(import("../features/sign-in/forgot-password.tsx")), "ForgotPassword"),
});
const design = createRoute({
  getParentRoute: () => root,
  path: "/design",
  component: lazyPlace(() => withWords(import("./design.tsx")), "DesignPlace"),
});

const inShell = [
  ownFiles,
  files,
  copiedLink,
  recent,
  starred,
  shared,
  trash,
  search,
  edit,
  rewind,
  saveLink,
  receive,
  settings,
  admin,
];

export const router = createRouter({
  // Provided on rendering.
  context: {} as Context,
  routeTree: root.addChildren([
    home,
    shell.addChildren(inShell),
    signedIn.addChildren([authorize, device]),
    setup,
    invite,
    signIn,
    outside,
    signOut,
    forgot,
    design,
  ]),
  parseSearch,
  stringifySearch: writeSearch,
  defaultPreload: "intent",
  defaultErrorComponent: PlaceFailed,
  // Lists use an anchor row; pixels would be wrong after live changes.
  scrollRestoration: false,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
