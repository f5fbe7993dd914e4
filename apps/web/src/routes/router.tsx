import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from "@tanstack/react-router";
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
import { NotFound, PlaceFailed } from "./place-problems.tsx";
import { Root } from "./root.tsx";
import { Shell } from "./shell/shell.tsx";

// All places, in the order of the navigation. Each is one file. All except the file list are loaded on first visit.

interface Context {
  readonly drive: AccountDrive;
}

const root = createRootRouteWithContext<Context>()({
  component: Root,
  notFoundComponent: NotFound,
  errorComponent: PlaceFailed,
});

/** Redirects to the sign-in page if nobody is signed in, and back afterwards. */
async function asSignedIn({
  context: { drive },
  location,
}: {
  readonly context: Context;
  readonly location: { readonly href: string };
}) {
  // If the server is unreachable, the shell is shown anyway. It reports that and offers the offline files.
  const state = await drive.reach.start();
  if (state !== "signed_out" && state !== "leaving") return;
  // oxlint-disable-next-line typescript/only-throw-error -- how the router is told
  throw redirect({ to: "/sign-in", search: { next: location.href }, replace: true });
}

/** Places with navigation, for signed-in accounts. */
const shell = createRoute({
  getParentRoute: () => root,
  id: "shell",
  beforeLoad: asSignedIn,
  component: Shell,
});

/** Pages with a single question and no navigation, for signed-in accounts. */
const signedIn = createRoute({
  getParentRoute: () => root,
  id: "signed-in",
  beforeLoad: asSignedIn,
});
const authorize = createRoute({
  getParentRoute: () => signedIn,
  path: "/authorize/$id",
  component: lazyRouteComponent(() => withWords(import("../features/programs/authorize.tsx")), "AuthorizePlace"),
});
const device = createRoute({
  getParentRoute: () => signedIn,
  path: "/device",
  component: lazyRouteComponent(() => withWords(import("../features/programs/device.tsx")), "DevicePlace"),
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
/** Address that "Copy internal link" copies. Opens the file above its folder. */
const copiedLink = createRoute({
  getParentRoute: () => shell,
  path: "/f/$id",
  validateSearch: listSearch,
  component: lazyRouteComponent(() => import("./copied-link.tsx"), "CopiedLinkPlace"),
});
const recent = createRoute({
  getParentRoute: () => shell,
  path: "/recent",
  validateSearch: listSearch,
  component: lazyRouteComponent(() => import("./recent.tsx"), "RecentPlace"),
});
const starred = createRoute({
  getParentRoute: () => shell,
  path: "/starred",
  validateSearch: listSearch,
  component: lazyRouteComponent(() => import("./starred.tsx"), "StarredPlace"),
});
const shared = createRoute({
  getParentRoute: () => shell,
  path: "/shared",
  validateSearch: sharedSearch,
  component: lazyRouteComponent(() => import("./shared.tsx"), "SharedPlace"),
});
const trash = createRoute({
  getParentRoute: () => shell,
  path: "/trash",
  validateSearch: listSearch,
  component: lazyRouteComponent(() => import("./trash.tsx"), "TrashPlace"),
});
const search = createRoute({
  getParentRoute: () => shell,
  path: "/search",
  validateSearch: findSearch,
  component: lazyRouteComponent(() => import("./search.tsx"), "SearchPlace"),
});
const edit = createRoute({
  getParentRoute: () => shell,
  path: "/edit/$id",
  component: lazyRouteComponent(() => withWords(import("./edit.tsx")), "EditPlace"),
});
const rewind = createRoute({
  getParentRoute: () => shell,
  path: "/rewind/$id",
  validateSearch: rewindSearch,
  component: lazyRouteComponent(() => withWords(import("./rewind.tsx")), "RewindPlace"),
});
const settings = createRoute({
  getParentRoute: () => shell,
  path: "/settings/{-$section}",
  component: lazyRouteComponent(() => withWords(import("./settings.tsx")), "SettingsPlace"),
});
const admin = createRoute({
  getParentRoute: () => shell,
  path: "/admin/{-$section}",
  component: lazyRouteComponent(() => withWords(import("./admin.tsx")), "AdminPlace"),
});

/** The fragment is one of four tokens: set-up, invitation, confirmation of an address, or password reset. */
const setup = createRoute({
  getParentRoute: () => root,
  path: "/setup",
  component: lazyRouteComponent(() => withWords(import("./setup.tsx")), "SetupPlace"),
});
const invite = createRoute({
  getParentRoute: () => root,
  path: "/invite",
  component: lazyRouteComponent(() => withWords(import("./setup.tsx")), "SetupPlace"),
});
const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: signInSearch,
  component: lazyRouteComponent(() => import("./sign-in.tsx"), "SignInPlace"),
});
const outside = createRoute({
  getParentRoute: () => root,
  path: "/sign-in/callback",
  component: lazyRouteComponent(() => withWords(import("../features/sign-in/outside-return.tsx")), "OutsideReturn"),
});
/** Works with and without a session, because a program that sends browsers here does not know. */
const signOut = createRoute({
  getParentRoute: () => root,
  path: "/sign-out",
  component: lazyRouteComponent(() => withWords(import("../features/programs/sign-out.tsx")), "SignOutPlace"),
});
const forgot = createRoute({
  getParentRoute: () => root,
  path: "/forgot",
  component: lazyRouteComponent(() => withWords(import("../features/sign-in/forgot-password.tsx")), "ForgotPassword"),
});
const design = createRoute({
  getParentRoute: () => root,
  path: "/design",
  component: lazyRouteComponent(() => withWords(import("./design.tsx")), "DesignPlace"),
});

const inShell = [ownFiles, files, copiedLink, recent, starred, shared, trash, search, edit, rewind, settings, admin];

export const router = createRouter({
  // Provided where the router is rendered.
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
  // Lists restore their position by an anchor row. Pixels would be wrong after live changes.
  scrollRestoration: false,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
