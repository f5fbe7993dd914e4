export function acceptsEncoding(header: string | undefined, encoding: "br" | "gzip" | "zstd"): boolean {
  return (header ?? "").split(",").some((each) => {
    const [name, ...parameters] = each.replaceAll(" ", "").toLowerCase().split(";");
    return name === encoding && !parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter));
  });
}
