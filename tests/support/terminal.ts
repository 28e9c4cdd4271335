/**
 * A real terminal around the program: tmux, which gives it a pseudo-terminal, keeps the screen as a terminal would
 * (breaking lines anew when it gets narrower) and can be asked what stands on it. Refuses to leave a server behind.
 */

import { ensureTmux } from "./prerequisites.ts";
import { programCommand } from "./program.ts";
import { runCommand } from "./run_command.ts";

/** A terminal's size; 80 × 24 unless told. */
export interface TerminalShape {
  readonly columns?: number;
  readonly rows?: number;
}

/** What runs in the terminal. */
export interface TerminalOptions extends TerminalShape {
  readonly cwd: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Added to the command, for the shell: a redirection, for one. */
  readonly shellSuffix?: string;
}

/** A terminal. */
export interface Terminal extends AsyncDisposable {
  /** The lines on the screen, without empty ones at the end. */
  readonly screen: () => Promise<readonly string[]>;
  /** The same with what has scrolled off before it, lines as they were written. */
  readonly everything: () => Promise<readonly string[]>;
  /** The same as the screen, with the escape sequences of its colours. */
  readonly colors: () => Promise<string>;
  /** Waits until the screen shows it. @throws Error with the screen after 40 s */
  readonly until: (shown: RegExp) => Promise<readonly string[]>;
  readonly resize: (columns: number, rows: number) => Promise<void>;
  /** Presses a key, as tmux names it: `C-c`. */
  readonly press: (key: string) => Promise<void>;
  /** Types a line. */
  readonly type: (text: string) => Promise<void>;
  /** Where the cursor is, and whether it can be seen. */
  readonly cursor: () => Promise<{ readonly column: number; readonly visible: boolean }>;
}

/** What stands on the screen after the program has ended, before its status. */
export const ENDED = "ended with status";

/** Starts the program in a terminal of its own. */
export async function startTerminal(options: TerminalOptions): Promise<Terminal> {
  const { cwd, args = [], env = {}, shellSuffix = "" } = options;
  const quoted = [...programCommand(), ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`);
  const variables = Object.entries(env).map(([name, value]) => `${name}='${value}'`);
  // A key that interrupts the program must not end the shell.
  const script = `cd '${cwd}'; trap : INT; unset NO_COLOR; ${
    variables.length === 0 ? "" : `export ${variables.join(" ")};`
  } ${quoted.join(" ")} ${shellSuffix}; echo "${ENDED} $?"; exec sleep 600`;
  return await openTerminal(script, options);
}

/** Opens a terminal in which `sh` runs a script. */
export async function openTerminal(
  script: string,
  { columns = 80, rows = 24 }: TerminalShape = {},
): Promise<Terminal> {
  await ensureTmux();
  const folder = await Deno.makeTempDir({ prefix: "data-migrate-terminal-" });
  const tmux = (...command: readonly string[]) =>
    runCommand("tmux", ["-u", "-f", "/dev/null", "-S", `${folder}/socket`, ...command]);
  await tmux("new-session", "-d", "-x", `${columns}`, "-y", `${rows}`, "sh", "-c", script);
  const capture = async (...flags: readonly string[]) =>
    (await tmux("capture-pane", "-p", ...flags)).trimEnd().split("\n");
  const screen = () => capture();
  return {
    screen,
    everything: () => capture("-J", "-S", "-"),
    colors: async () => (await capture("-e")).join("\n"),
    until: async (shown) => {
      for (let attempt = 0; attempt < 400; attempt++) {
        const lines = await screen();
        if (shown.test(lines.join("\n"))) return lines;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      throw new Error(`The screen never showed ${shown}:\n${(await screen()).join("\n")}`);
    },
    resize: async (width, height) => {
      await tmux("resize-window", "-x", `${width}`, "-y", `${height}`);
    },
    press: async (key) => {
      await tmux("send-keys", key);
    },
    type: async (text) => {
      await tmux("send-keys", "-l", text);
      await tmux("send-keys", "Enter");
    },
    cursor: async () => {
      const [column, visible] = (await tmux("display-message", "-p", "#{cursor_x} #{cursor_flag}"))
        .trim().split(" ");
      return { column: Number(column), visible: visible === "1" };
    },
    [Symbol.asyncDispose]: async () => {
      await tmux("kill-server").catch(() => "");
      await Deno.remove(folder, { recursive: true });
    },
  };
}
