export interface Size {
  readonly total: number
  readonly theirs: number
  readonly ours: number
}

export function sizeOf(source: string, libraries: readonly string[]): Promise<Size>
