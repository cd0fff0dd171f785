import { createPinia } from "pinia";
import { createApp } from "vue";
import "../shared/staff/tokens.css";
import "./console.css";
import { readTheme } from "../desk/theme";
import App from "./App.vue";
import { router } from "./router";

readTheme();
createApp(App).use(createPinia()).use(router).mount("#app");
