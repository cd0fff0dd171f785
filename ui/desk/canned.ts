/** Canned replies, as `/api/desk/canned` gives them. */
export interface Canned {
  id: number;
  title: string;
  text: string;
  shared: boolean;
  mine: boolean;
}
