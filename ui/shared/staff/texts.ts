/** Words of the sign-in form and of what desk and console share. */
export const texts = {
  shop: "知客",
  signIn: "登录",
  login: "登录名",
  password: "密码",
  ended: "登录已过期，请重新登录。",
  unreachable: "连不上服务，请检查网络后重试。",
  again: "重试",
  loading: "正在打开…",
};
