// The two streams that the program writes text to.

/** Unformatted output: callers pass whole texts, line breaks included. */
export interface Streams {
  stdout(text: string): void;
  stderr(text: string): void;
}
