export const progress = {
  "progress.uploading": { one: "Uploading {count} file", other: "Uploading {count} files" },
  "progress.uploaded": { one: "{count} file uploaded", other: "{count} files uploaded" },
  "progress.needYou": { one: "{count} file is waiting for you", other: "{count} files are waiting for you" },
  "progress.failed": { one: "{count} item failed", other: "{count} items failed" },
  "progress.half": "Uploads are half done",
} as const;
