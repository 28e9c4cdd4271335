// The streams that text goes to.

/** Raw output; whole texts with their line breaks. */
export interface Streams {
  stdout(text: string): void;
  stderr(text: string): void;
}
