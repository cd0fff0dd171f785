import { expect, test } from "vitest";
import { readCard, readFrame } from "../shared/protocol";
import { picturesIn } from "./pictures";

const file = (type: string): File => new File(["x"], "a", { type });
const transfer = (...files: File[]): DataTransfer => ({ files }) as unknown as DataTransfer;

test("only pictures are taken from what is pasted or dropped", () => {
  const photo = file("image/png");
  expect(picturesIn(transfer(file("application/pdf"), photo, file("")))).toEqual([photo]);
  expect(picturesIn(null)).toEqual([]);
});

test("a picture's card is read, and damaged measures do no harm", () => {
  expect(readCard({ type: "evidence", id: "e1", name: "碎屏.jpg", width: 640, height: 480, kind: "jpeg" })).toEqual({
    type: "evidence",
    id: "e1",
    name: "碎屏.jpg",
    width: 640,
    height: 480,
  });
  expect(readCard({ type: "evidence", id: 7, width: -1, height: "x" })).toMatchObject({ id: "7", width: 0, height: 0 });
});

test("the customer's own picture comes back as a line of theirs", () => {
  const raw = { type: "message", seq: 3, from: "customer", text: "[图片] a.jpg", card: { type: "evidence", id: "e1", name: "a.jpg" } };
  expect(readFrame(JSON.stringify(raw))).toMatchObject({ from: "customer", card: { type: "evidence", id: "e1" } });
});
