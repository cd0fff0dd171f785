/** Canned replies, as `/api/desk/canned` gives them; `text` is filled in for the conversation that was named. */
export interface Canned {
  id: number;
  title: string;
  category: string;
  text: string;
  shared: boolean;
}
