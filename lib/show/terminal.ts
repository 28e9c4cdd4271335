// What the terminal can do: whether it can redraw in place, whether it shows colours, and its size. The environment is read
// before the run starts, because the run itself has no access to it.

/** Columns and rows. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** How text may be shown. */
export interface TerminalTraits {
  /** Whether stderr can be redrawn in place. */
  readonly live: boolean;
  /** Whether stderr shows colours. */
  readonly color: boolean;
  /** Whether stdout is the same terminal. */
  readonly results: boolean;
}

/** Which of stdout and stderr is a terminal; `env` returns an environment variable. See https://no-color.org. */
export function terminalTraits(
  terminal: { readonly stdout: boolean; readonly stderr: boolean },
  env: (name: string) => string | undefined,
): TerminalTraits {
  const live = terminal.stderr && env("TERM") !== "dumb";
  return { live, color: live && !env("NO_COLOR"), results: live && terminal.stdout };
}

const USUAL: TerminalSize = { columns: 80, rows: 24 };

/** The terminal's size now; 80 × 24 where it has none. */
export function terminalSize(): TerminalSize {
  try {
    const { columns, rows } = Deno.consoleSize();
    return columns > 0 && rows > 0 ? { columns, rows } : USUAL;
  } catch {
    return USUAL;
  }
}
