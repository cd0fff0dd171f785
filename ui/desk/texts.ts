/** Every word of the desk; another language is another file of this shape. */
export const texts = {
  title: "坐席台",
};
