import type { Line } from "./desk-protocol";

/** One conversation's lines, each once, in the order in which people read them. */
export class ThreadLog {
  private readonly said = new Map<number, Line>();
  private readonly notes = new Map<string, Line>();
  /** Numbers up to here are known without a hole, counted from the first that is held. */
  private unbroken = 0;

  /** @returns whether it was new */
  add(line: Line): boolean {
    if (line.seq === null) {
      const isNew = !this.notes.has(line.id);
      this.notes.set(line.id, line);
      return isNew;
    }
    const isNew = !this.said.has(line.seq);
    this.said.set(line.seq, line);
    if (this.unbroken === 0) this.unbroken = line.seq;
    while (this.said.has(this.unbroken + 1)) this.unbroken += 1;
    return isNew;
  }

  /** The first page: it may begin anywhere, and is without holes. */
  begin(lines: readonly Line[]): void {
    const first = lines.find((line) => line.seq !== null)?.seq;
    if (first) this.unbroken = first;
    for (const line of lines) this.add(line);
  }

  /** The number to resume after. */
  get after(): number {
    return this.unbroken;
  }

  get highest(): number {
    return Math.max(0, ...this.said.keys());
  }

  get first(): number {
    return this.said.size ? Math.min(...this.said.keys()) : 0;
  }

  /** Numbered lines by number; a note stands before the first line that is younger than it. */
  lines(): Line[] {
    const said = [...this.said.values()].sort((a, b) => (a.seq ?? 0) - (b.seq ?? 0));
    const notes = [...this.notes.values()].sort((a, b) => a.at.localeCompare(b.at));
    const found: Line[] = [];
    let next = 0;
    for (const line of said) {
      for (; next < notes.length; next += 1) {
        const note = notes[next];
        if (!note || Date.parse(note.at) >= Date.parse(line.at)) break;
        found.push(note);
      }
      found.push(line);
    }
    return [...found, ...notes.slice(next)];
  }
}
