/**
 * What comes from the network or a file may be wrong, and that is no exception but an outcome.
 * Functions that read such things return a Result and never throw.
 */
export type Result<T, E> = { readonly ok: true; readonly value: T } | Failure<E>;

/** The unhappy half of a {@link Result}. */
export interface Failure<E> {
  readonly ok: false;
  readonly error: E;
}

/** Wraps a value that was read well. */
export function success<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

/** Wraps the reason why nothing could be read. */
export function failure<E>(error: E): Failure<E> {
  return { ok: false, error };
}
