// What the screen can do: whether something may be redrawn in place and whether in colour, and how large it is. The
// variables are read before the run starts, since the run itself sees none.

/** Columns and rows. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** How text may look. */
export interface TerminalTraits {
  /** Whether stderr can be drawn over. */
  readonly live: boolean;
  /** Whether stderr takes colours. */
  readonly color: boolean;
  /** Whether stdout is on the same screen. */
  readonly results: boolean;
}

/** What of stdout and stderr is a terminal; `env` gives a variable's value. See https://no-color.org. */
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
