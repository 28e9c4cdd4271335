/** Java's properties form, as far as values may hold what has to be escaped. */

/** The text of a properties file. */
export function propertiesText(properties: Readonly<Record<string, string>>): string {
  return Object.entries(properties).map(([name, value]) =>
    `${name}=${value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}\n`
  ).join("");
}
