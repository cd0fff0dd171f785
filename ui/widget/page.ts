import { defineChat, type ZhikeChat } from "./element";
import { readSettings } from "./settings";

/** `/chat`: the element stands in the page already and carries the settings as attributes. */
defineChat();
const chat = document.querySelector<ZhikeChat>("zhike-chat");
if (chat) {
  const query = new URLSearchParams(location.search);
  const product = query.get("product");
  const order = query.get("order");
  chat.setup(readSettings((name) => chat.getAttribute(name), "page", location.origin), {
    ...(product ? { product } : {}),
    ...(order ? { order } : {}),
  });
}
