export const accessKey = ["admin-access"] as const;
