/** A request. */
export interface Event<Body = unknown> {
  /** From JSON or a form: an object. From text, or a form without a `=`: a text. Else a `Buffer`, with `RAW_BODY=true` always. */
  readonly body: Body;
  /** By names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly method: string;
  readonly query: Readonly<Record<string, string | readonly string[]>>;
  readonly path: string;
}

/** What there is to say about the answer besides its body. */
export interface Context {
  status(code: number): this;
  headers(values: Readonly<Record<string, string>>): this;
  /** Answers, in a handler with a third parameter, a callback; `fail` answers 500. */
  succeed(value: unknown): void;
  fail(error: unknown): void;
}
