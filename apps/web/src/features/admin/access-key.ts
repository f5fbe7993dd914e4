/** Of the rules in the list. */
export const accessKey = ["admin-access"] as const;
