import { ChatClient } from "../shared/client";
import { Emitter } from "../shared/emitter";
import type { Entry } from "../shared/log";
import type { Owner, Page } from "../shared/protocol";
import { browserStore, type Store } from "../shared/store";
import { attr, h, icon, setText } from "./dom";
import { Panel } from "./panel";
import { socketUrl, type Settings } from "./settings";
import { applyColour, applyStyles } from "./styles";
import { textsFor, type Texts } from "./texts";

export interface ChatEvents {
  open: undefined;
  close: undefined;
  /** Someone of the service said something. */
  message: { from: string; text: string };
  unread: number;
  owner: Owner;
  /** The token of `setUser` was not believed: sign a new one. */
  userRefused: undefined;
}

/** `<zhike-chat>`: launcher and panel, or the whole page, sealed in a shadow root. */
export class ZhikeChat extends HTMLElement {
  readonly events = new Emitter<ChatEvents>();
  private settings!: Settings;
  private client!: ChatClient;
  private store!: Store;
  private texts!: Texts;
  private shadow!: ShadowRoot;
  private panel!: Panel;
  private frame!: HTMLElement;
  private launcher: HTMLButtonElement | null = null;
  private isPanelOpen = false;
  private unread = 0;
  private isDrawing = false;

  /** Makes the chat; once, before or after the element stands in the page. */
  setup(settings: Settings, page: Page | null = null): void {
    this.settings = settings;
    this.store = browserStore(settings.site);
    this.client = new ChatClient({
      url: socketUrl(settings.origin),
      store: this.store,
      isOnline: () => navigator.onLine,
    });
    this.setPage(page);
    this.toggleAttribute("data-corner", settings.mode === "corner");
    this.shadow = this.attachShadow({ mode: "open" });
    applyStyles(this.shadow);
    this.isPanelOpen = settings.mode === "page";
    this.build();
    this.client.events.on("change", () => this.drawSoon());
    this.client.events.on("message", (entry: Entry) => {
      this.events.emit("message", { from: entry.from, text: entry.text });
    });
    this.client.events.on("owner", (owner) => this.events.emit("owner", owner));
    this.client.events.on("identityRefused", () => this.events.emit("userRefused", undefined));
    this.client.events.on("notice", (text) => this.panel.say(text));
    this.watch();
    // A visitor who comes back may have an answer waiting; a new one connects when the chat is opened.
    if (this.isPanelOpen || this.store.read("visitor") !== undefined) this.client.start();
  }

  open(): void {
    if (this.isPanelOpen) return;
    this.isPanelOpen = true;
    this.client.start();
    this.draw();
    this.panel.toEnd();
    this.panel.focus();
    this.events.emit("open", undefined);
  }

  close(): void {
    if (!this.isPanelOpen || this.settings.mode === "page") return;
    this.isPanelOpen = false;
    this.draw();
    this.launcher?.focus();
    this.events.emit("close", undefined);
  }

  toggle(): void {
    if (this.isPanelOpen) this.close();
    else this.open();
  }

  setUser(token: string | null): void {
    this.client.setIdentity(token);
  }

  /** Tells the service where the visitor stands. Addresses go without their query: it may hold secrets. */
  setPage(page: Page | null): void {
    const here = { url: (location.origin + location.pathname).slice(0, 500), title: document.title.slice(0, 200) };
    this.client.setPage({ ...here, ...page });
  }

  setLocale(locale: string): void {
    this.settings = { ...this.settings, locale };
    this.build();
  }

  private build(): void {
    const { settings } = this;
    this.texts = textsFor(settings.locale);
    const origin = new URL(settings.origin);
    this.panel = new Panel(
      {
        settings,
        texts: this.texts,
        client: this.client,
        store: this.store,
        root: this.shadow,
        hosts: [origin.host, location.host, ...settings.linkHosts],
      },
      settings.mode === "corner" ? () => this.close() : null,
    );
    this.launcher =
      settings.mode === "corner"
        ? h(
            "button",
            { type: "button", class: "launcher", "aria-haspopup": "dialog", onclick: () => this.toggle() },
            icon("chat"),
            icon("down"),
            h("span", { class: "launcher-text" }),
            h("span", { class: "badge", "aria-hidden": "true" }),
          )
        : null;
    this.frame = h("div", {
      class: `frame ${settings.mode}`,
      "data-side": settings.position,
      lang: settings.locale ?? "zh-CN",
    });
    this.frame.append(...(this.launcher ? [this.launcher] : []), this.panel.element);
    this.shadow.querySelector(".frame")?.remove();
    this.shadow.append(this.frame);
    this.dress();
    this.draw();
  }

  private watch(): void {
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.dress());
    addEventListener("online", () => this.client.wake());
    addEventListener("offline", () => this.client.sleep());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState !== "visible") return;
      this.client.wake();
      this.drawSoon();
    });
    // The keyboard of a phone covers the page without making it smaller.
    visualViewport?.addEventListener("resize", () => {
      this.frame.style.setProperty("--seen", `${visualViewport?.height ?? innerHeight}px`);
      this.panel.toEnd();
    });
  }

  private dress(): void {
    const { theme } = this.settings;
    const isDark = theme === "dark" || (theme === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
    attr(this.frame, "data-theme", isDark ? "dark" : "light");
    applyColour(this.frame, this.settings.colour, isDark);
  }

  /** One drawing per frame of the screen, however many messages a reconnect brings. */
  private drawSoon(): void {
    if (this.isDrawing) return;
    this.isDrawing = true;
    queueMicrotask(() => {
      this.isDrawing = false;
      this.draw();
    });
  }

  private draw(): void {
    attr(this.frame, "data-open", this.isPanelOpen ? "" : null);
    this.panel.element.inert = !this.isPanelOpen;
    this.panel.update();
    this.countUnread();
  }

  private countUnread(): void {
    const { client, store } = this;
    const read = store.read("read") as { conversation?: string; seq?: number } | undefined;
    const seen = read?.conversation === client.conversation ? (read.seq ?? 0) : 0;
    const fromOthers = client.entries.filter((entry) => entry.from !== "customer" && (entry.seq ?? 0) > seen);
    const isSeen = this.isPanelOpen && document.visibilityState === "visible";
    if (isSeen && fromOthers.length > 0) {
      const seq = Math.max(...fromOthers.map((entry) => entry.seq ?? 0));
      store.write("read", { conversation: client.conversation, seq });
    }
    const unread = this.isPanelOpen ? 0 : fromOthers.length;
    if (this.launcher) {
      const badge = this.launcher.querySelector(".badge");
      if (badge) badge.textContent = unread === 0 ? "" : unread > 99 ? "99+" : String(unread);
      const name = this.isPanelOpen ? this.texts.minimise : (this.settings.launcherText ?? this.texts.launcher);
      const words = this.launcher.querySelector(".launcher-text");
      if (words) setText(words, name);
      attr(this.launcher, "aria-label", unread > 0 ? this.texts.launcherUnread(unread) : name);
      attr(this.launcher, "aria-expanded", String(this.isPanelOpen));
    }
    if (unread !== this.unread) {
      this.unread = unread;
      this.events.emit("unread", unread);
    }
  }
}

/** Registers the element; a page that loads the script twice must not fail. */
export function defineChat(): void {
  if (!customElements.get("zhike-chat")) customElements.define("zhike-chat", ZhikeChat);
}
