/**
 * The commands that README, CONTRIBUTING and docs show: every line of a fenced block of shell, and every piece of inline
 * code that begins with one of the repository's own programs. Knows Markdown no better than that takes.
 */

import { fileURLToPath } from "node:url";

/** A command as it stands in a document, without the comment after it. */
export interface DocumentedCommand {
  readonly text: string;
  /** The document, and the line it stands in. */
  readonly where: string;
  /** The last heading before it. */
  readonly heading: string;
}

const root = fileURLToPath(new URL("../..", import.meta.url));

const shellLanguages = new Set(["sh", "bash", "shell", "console"]);

/** What a command of this repository begins with; in a fenced block that names no language, so does a prompt. */
const ownProgram = /^(?:\.\/denow|\.ci\/|\.\/data-migrate|deno run)(?= |[\w])/;

/** All commands of a document, in order. */
export function commandsIn(name: string, markdown: string): readonly DocumentedCommand[] {
  const found: DocumentedCommand[] = [];
  let [heading, fence, pending] = ["", undefined as string | undefined, ""];
  for (const [index, line] of markdown.split("\n").entries()) {
    const add = (text: string): void => {
      if (text !== "") found.push({ text, where: `${name}:${index + 1}`, heading });
    };
    const mark = /^\s*```\s*(\w*)/.exec(line);
    if (mark !== null) {
      fence = fence === undefined ? mark[1] : undefined;
      pending = "";
    } else if (fence === undefined) {
      heading = /^#+ (.*)$/.exec(line)?.[1] ?? heading;
      for (const [, code = ""] of line.matchAll(/`([^`]+)`/g)) if (ownProgram.test(code)) add(code);
    } else {
      const text = pending + line.replace(/^\$ /, "").replace(/(^|\s)#.*$/, "").trim();
      const shell = shellLanguages.has(fence) ||
        fence === "" && (/^\$ /.test(line) || ownProgram.test(line));
      pending = shell && text.endsWith("\\") ? text.slice(0, -1) : "";
      if (shell && pending === "") add(text);
    }
  }
  return found;
}

/** All commands of README.md, CONTRIBUTING.md and docs. */
export function documentedCommands(): readonly DocumentedCommand[] {
  const docs = [...Deno.readDirSync(`${root}docs`)].map(({ name }) => `docs/${name}`)
    .filter((name) => name.endsWith(".md")).sort();
  return ["README.md", "CONTRIBUTING.md", ...docs].flatMap((name) =>
    commandsIn(name, Deno.readTextFileSync(root + name))
  );
}
