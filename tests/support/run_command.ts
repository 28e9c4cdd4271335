/**
 * Runs one helper program of the test support (mvn, openssl, pip, …) to its end and hands back what it printed. A
 * program that is missing or fails is an error that carries its last words. Refuses to leave anything running.
 */

/** Where and with what a command runs. */
export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Is given each line of stdout as soon as it is printed. */
  readonly onLine?: (line: string) => void;
}

/** How a command ended; `missing` when there is no such program. */
export interface CommandResult {
  readonly outcome: "succeeded" | "failed" | "missing";
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command and never throws because of how it ended. */
export async function tryCommand(
  program: string,
  args: readonly string[],
  { onLine, ...options }: CommandOptions = {},
): Promise<CommandResult> {
  try {
    const process = new Deno.Command(program, {
      args: [...args],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      ...options,
    }).spawn();
    const [stdout, stderr, { success }] = await Promise.all([
      textOf(process.stdout, onLine),
      textOf(process.stderr),
      process.status,
    ]);
    return { outcome: success ? "succeeded" : "failed", stdout, stderr };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      return { outcome: "missing", stdout: "", stderr: `${program}: not found` };
    }
    throw error;
  }
}

/**
 * Runs a command that has to succeed.
 * @returns what it printed on stdout
 * @throws Error with the end of its output when it fails or doesn't exist
 */
export async function runCommand(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const result = await tryCommand(program, args, options);
  if (result.outcome !== "succeeded") {
    const lastWords = `${result.stdout}\n${result.stderr}`.trim().split("\n").slice(-15).join("\n");
    throw new Error(`Cannot run "${[program, ...args].join(" ")}": ${lastWords}`);
  }
  return result.stdout;
}

async function textOf(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  onLine?: (line: string) => void,
): Promise<string> {
  let [text, line] = ["", ""];
  for await (const part of stream.pipeThrough(new TextDecoderStream())) {
    text += part;
    const lines = (line + part).split("\n");
    line = lines.pop() ?? "";
    if (onLine !== undefined) lines.forEach(onLine);
  }
  return text;
}
