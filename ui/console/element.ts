/** What the console uses of Element Plus beyond what it shares with the desk. */
import "element-plus/es/components/tag/style/css";

export { ElButton, ElDialog, ElDrawer, ElInput, ElMessage, ElOption, ElSelect, ElSkeleton, ElSwitch } from "../shared/staff/element";
