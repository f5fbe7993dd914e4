import { HoldfastError } from "@holdfast/core/errors";
import { isKey } from "./object-key.ts";

export interface S3Location {
  readonly bucket: string;
  /** Empty, or ends with a slash. */
  readonly prefix: string;
  /** undefined: Amazon's endpoint of the region */
  readonly endpoint: string | undefined;
  readonly region: string;
  /** The bucket is in the URL's path instead of its host name. */
  readonly pathStyle: boolean;
}

const parameters = ["endpoint", "region", "path_style"];
const locationBytesMax = 4096;

export function isS3Location(location: string): boolean {
  return location.startsWith("s3://");
}

/** @param location `s3://bucket/prefix?endpoint=https://…&region=…&path_style=true` */
export function parseS3Location(location: string): S3Location {
  if (!isS3Location(location) || location.length > locationBytesMax || !URL.canParse(location))
    throw wrong(location, "is not an s3:// address");
  const url = new URL(location);
  const bucket = url.hostname;
  if (bucket === "") throw wrong(location, "names no bucket");
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket))
    throw wrong(location, 'names a bucket that cannot exist: bucket names have 3 to 63 of a-z, 0-9, "." and "-"');
  if (url.username !== "" || url.password !== "" || url.port !== "" || url.hash !== "") {
    throw wrong(
      url.host,
      "has more than a bucket before the path; keys go into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    );
  }
  for (const name of url.searchParams.keys()) {
    if (!parameters.includes(name))
      throw wrong(location, `has the unknown parameter ${name} (known: ${parameters.join(", ")})`);
  }
  const path = url.pathname.replace(/^\/|\/$/g, "");
  if (path !== "" && !isKey(path))
    throw wrong(location, 'has a prefix with other than a-z, 0-9, ".", "_", "-" and "/"');
  return {
    bucket,
    prefix: path === "" ? "" : `${path}/`,
    endpoint: parseEndpoint(location, url.searchParams.get("endpoint")),
    region: url.searchParams.get("region") ?? "us-east-1",
    pathStyle: parseFlag(location, url.searchParams.get("path_style")),
  };
}

function parseEndpoint(location: string, endpoint: string | null): string | undefined {
  if (endpoint === null) return undefined;
  if (!/^https?:\/\//.test(endpoint) || !URL.canParse(endpoint))
    throw wrong(location, "has an endpoint that is not an http(s) address");
  return endpoint;
}

function parseFlag(location: string, flag: string | null): boolean {
  if (flag !== null && flag !== "true" && flag !== "false")
    throw wrong(location, "has a path_style other than true or false");
  return flag === "true";
}

function wrong(location: string, what: string): HoldfastError {
  const form = "s3://bucket/prefix?endpoint=https://host&region=name&path_style=true";
  return new HoldfastError("usage", `The store ${location.slice(0, 200)} ${what}. Write it as ${form}.`, {
    field: "store",
  });
}
