/** Query key of the list of groups and prefix of the keys of their members. */
export const groupsKey = ["groups"] as const;
