/**
 * The parts of Element Plus that the staff's pages share, each with its own style sheet. A page
 * takes from here what it uses: what nobody imports is in no build. The console adds its own below
 * (tables, pagination) in a file of its own.
 */
import "element-plus/es/components/base/style/css";
import "element-plus/es/components/button/style/css";
import "element-plus/es/components/dialog/style/css";
import "element-plus/es/components/drawer/style/css";
import "element-plus/es/components/dropdown/style/css";
import "element-plus/es/components/dropdown-item/style/css";
import "element-plus/es/components/dropdown-menu/style/css";
import "element-plus/es/components/form/style/css";
import "element-plus/es/components/form-item/style/css";
import "element-plus/es/components/input/style/css";
import "element-plus/es/components/message/style/css";
import "element-plus/es/components/option/style/css";
import "element-plus/es/components/radio/style/css";
import "element-plus/es/components/radio-button/style/css";
import "element-plus/es/components/radio-group/style/css";
import "element-plus/es/components/select/style/css";
import "element-plus/es/components/skeleton/style/css";
import "element-plus/es/components/skeleton-item/style/css";
import "element-plus/es/components/switch/style/css";
import "element-plus/es/components/tooltip/style/css";

import { ElOption as Option, ElSelect as Select } from "element-plus";
import type { Component } from "vue";

export {
  ElButton,
  ElDialog,
  ElDrawer,
  ElDropdown,
  ElDropdownItem,
  ElDropdownMenu,
  ElForm,
  ElFormItem,
  ElInput,
  ElMessage,
  ElRadio,
  ElRadioButton,
  ElRadioGroup,
  ElSkeleton,
  ElSwitch,
  ElTooltip,
} from "element-plus";

// Their published types do not stand `exactOptionalPropertyTypes`: taken as components of any properties.
export const ElSelect = Select as Component;
export const ElOption = Option as Component;
