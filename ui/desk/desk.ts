import { defineStore } from "pinia";
import { computed, reactive, ref, shallowRef } from "vue";
import type { Connection } from "../shared/link";
import { api, wordsOf } from "../shared/staff/api";
import type { Colleague, Item, Line, Me, Notice, Owner, Presence } from "../shared/staff/desk-protocol";
import { DeskSocket, type Unsent } from "../shared/staff/desk-socket";
import { ElMessage } from "../shared/staff/element";
import { windowStore } from "../shared/staff/kept";
import { useSession } from "../shared/staff/session";
import { alertNow } from "./alerts";
import { LISTS, matches, neighbour, ordered, type ListName } from "./lists";
import { setClock, useNow } from "./now";
import { texts } from "./texts";

const TYPING_SHOWN = 6_000;

interface Thread {
  lines: Line[];
  isLoaded: boolean;
  hasOlder: boolean;
  typing: { name: string; until: number } | null;
}

/** Everything that is live: who I am, the lists, the conversation in the middle. */
export const useDesk = defineStore("desk", () => {
  const session = useSession();
  const now = useNow();
  const connection = ref<Connection>("idle");
  const freshAt = ref<number | null>(null);
  const me = ref<Me | null>(null);
  const items = reactive(new Map<string, Item>());
  const ended = ref<Item[]>([]);
  const staff = ref<Colleague[]>([]);
  const notices = ref<Notice[]>([]);
  const unsent = shallowRef<readonly Unsent[]>([]);
  const threads = reactive(new Map<string, Thread>());
  const drafts = reactive(new Map<string, string>());
  /** Who was faster, in the service's words, by conversation. */
  const lost = reactive(new Map<string, string>());
  const list = ref<ListName>("mine");
  const search = ref("");
  const current = ref<string | null>(null);
  /** Where J and K stand; Enter opens it. */
  const marked = ref<string | null>(null);
  let socket: DeskSocket | null = null;

  const shown = computed(() =>
    ordered([...items.values()], list.value, now.value).filter((item) => matches(item, search.value)),
  );
  const counts = computed(() => {
    const found = Object.fromEntries(LISTS.map((name) => [name, 0])) as Record<ListName, number>;
    for (const item of items.values()) {
      found.all += 1;
      if (item.mine) found.mine += 1;
      if (item.owner === "queued") found.waiting += 1;
      if (item.owner === "bot") found.bot += 1;
    }
    return found;
  });
  const item = computed(() =>
    current.value === null
      ? null
      : (items.get(current.value) ?? ended.value.find((one) => one.conversation === current.value) ?? null),
  );
  const thread = computed(() => (current.value === null ? null : (threads.get(current.value) ?? null)));
  const isOnline = computed(() => connection.value === "online");
  const unreadNotices = computed(() => notices.value.filter((one) => !one.read).length);
  const unread = computed(() =>
    [...items.values()].reduce((sum, one) => sum + (one.mine ? one.unread : 0), 0),
  );
  const may = (permission: string): boolean => me.value?.permissions.includes(permission) ?? session.may(permission);

  /** Who promised: `bot`, or a login; one's own is shown by name. */
  function promiser(by: string): string {
    if (by === "bot") return texts.customer.bot;
    return by === me.value?.login ? me.value.name : by;
  }

  function start(): void {
    if (socket) return;
    const url = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/desk`;
    const made = new DeskSocket({
      url,
      store: windowStore(`desk:${session.staff?.login ?? ""}`),
      isOnline: () => navigator.onLine,
    });
    socket = made;
    made.events.on("state", (state) => {
      connection.value = state;
      freshAt.value = made.freshAt;
      // A refused connection does not say why: the session may have ended.
      if (state === "offline" && navigator.onLine) api.get("/api/staff/me").catch(() => undefined);
    });
    made.events.on("snapshot", (snapshot) => {
      setClock(Date.parse(snapshot.at));
      me.value = snapshot.me;
      staff.value = snapshot.staff;
      notices.value = snapshot.notices;
      const gone = new Set(items.keys());
      for (const one of snapshot.conversations) {
        items.set(one.conversation, one);
        gone.delete(one.conversation);
      }
      for (const one of gone) forget(one);
    });
    made.events.on("item", (one) => items.set(one.conversation, one));
    made.events.on("gone", forget);
    made.events.on("me", (one) => (me.value = one));
    made.events.on("staff", (all) => (staff.value = all));
    made.events.on("notice", (notice) => {
      const isNew = !notices.value.some((one) => one.id === notice.id);
      notices.value = [notice, ...notices.value.filter((one) => one.id !== notice.id)];
      if (isNew && !notice.read) alertNow();
    });
    made.events.on("thread", ({ conversation, draft }) => {
      const found = threadOf(conversation);
      found.lines = made.lines(conversation);
      found.isLoaded = made.isLoaded(conversation);
      found.hasOlder = made.hasOlder(conversation);
      if (draft && !drafts.get(conversation)) drafts.set(conversation, draft);
      if (conversation === current.value && document.hasFocus()) tellRead();
    });
    made.events.on("closed", ({ conversation, why }) => {
      ElMessage.error(why);
      if (conversation === current.value) leave();
    });
    made.events.on("said", ({ conversation, line }) => {
      const found = threadOf(conversation);
      found.typing = null;
      if (line.from === "customer" && (document.hidden || conversation !== current.value)) alertNow();
    });
    made.events.on("typing", ({ conversation, from, name }) => {
      const who = name ?? (from === "agent" ? texts.thread.agent : texts.thread.speaker[from]);
      threadOf(conversation).typing = { name: who, until: Date.now() + TYPING_SHOWN };
    });
    made.events.on("unsent", () => (unsent.value = [...made.unsent]));
    unsent.value = [...made.unsent];
    addEventListener("online", () => made.wake());
    addEventListener("offline", () => made.sleep());
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) return;
      made.wake();
      tellRead();
    });
    made.start();
  }

  function stop(): void {
    socket?.stop();
    socket = null;
  }

  function live(): DeskSocket {
    if (!socket) throw new Error("the desk is not started");
    return socket;
  }

  function threadOf(conversation: string): Thread {
    let found = threads.get(conversation);
    if (!found) {
      threads.set(conversation, { lines: [], isLoaded: false, hasOlder: false, typing: null });
      found = threads.get(conversation);
    }
    return found as Thread;
  }

  function forget(conversation: string): void {
    const last = items.get(conversation);
    items.delete(conversation);
    // What one looks at does not vanish under one's eyes; how it stands now has to be asked.
    if (!last || conversation !== current.value) return;
    const keep = (owner: Owner): void => {
      const kept = { ...last, mine: false, owner, agent: null };
      ended.value = [kept, ...ended.value.filter((one) => one.conversation !== conversation)];
    };
    keep("human");
    api
      .get<{ owner: Owner }>(`/api/desk/conversations/${conversation}`)
      .then(({ owner }) => keep(owner))
      .catch(() => undefined); // a colleague's, and not for these eyes
  }

  /** Puts a conversation into the middle. */
  function open(conversation: string): void {
    const before = current.value;
    current.value = marked.value = conversation;
    if (before === conversation) return;
    if (before !== null) {
      live().shut(before);
      threads.delete(before);
    }
    threadOf(conversation);
    const found = items.get(conversation);
    live().open(conversation, found?.owner === "human" && !found.mine && may("view_all_conversations"));
    location.hash = conversation;
  }

  function leave(): void {
    if (current.value === null) return;
    live().shut(current.value);
    threads.delete(current.value);
    current.value = null;
    history.replaceState(null, "", location.pathname);
  }

  function move(step: 1 | -1): void {
    marked.value = neighbour(shown.value, marked.value, step);
  }

  function tellRead(): void {
    const conversation = current.value;
    if (conversation === null || !socket || !isOnline.value) return;
    const seq = socket.highest(conversation);
    const found = items.get(conversation);
    if (!found?.unread || !seq) return;
    found.unread = 0;
    socket.tell({ type: "read", conversation, seq });
  }

  async function older(): Promise<void> {
    if (current.value === null) return;
    await live()
      .older(current.value)
      .catch((problem: unknown) => ElMessage.error(wordsOf(problem)));
  }

  async function setPresence(presence: Presence): Promise<void> {
    try {
      await live().command({ type: "presence", presence });
      if (me.value) me.value.presence = presence;
    } catch (problem) {
      ElMessage.error(wordsOf(problem));
    }
  }

  function readNotice(notice: Notice): void {
    if (notice.read) return;
    notice.read = true;
    live().tell({ type: "notice_read", notice: notice.id });
  }

  return {
    connection, freshAt, me, items, ended, staff, notices, unsent, threads, drafts, lost, list, search, current, marked,
    shown, counts, item, thread, isOnline, unreadNotices, unread, now,
    may, promiser, start, stop, live, open, leave, move, older, tellRead, setPresence, readNotice,
  };
});
