import { createPinia } from "pinia";
import { createApp } from "vue";
import "../shared/staff/tokens.css";
import { readTheme } from "./theme";
import App from "./App.vue";

readTheme();
createApp(App).use(createPinia()).mount("#app");
