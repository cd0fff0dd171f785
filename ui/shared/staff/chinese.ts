import { localeContextKey } from "element-plus/es/hooks/use-locale/index.mjs";
import { provide, ref } from "vue";
import zhCn from "element-plus/es/locale/lang/zh-cn.mjs";

/** In the root component of a page: Element Plus speaks Chinese below it. */
export function useChinese(): void {
  provide(localeContextKey, ref(zhCn));
}
