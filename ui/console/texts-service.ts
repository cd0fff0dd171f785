/** Every word of 服务, and of the chart below 今日. */
export const serviceTexts = {
  within: (seconds: number) => `服务水平以 ${seconds} 秒内接通为准`,
  groups: {
    reach: "接通人工",
    answer: "首次回复与处理",
    bot: "智能客服",
    kept: "解决与承诺",
    other: "其他",
  },
  empty: ["这段时间没有服务记录", "换一个时间段试试。"],
  reasons: {
    title: "转人工原因",
    told: (n: string) => `次，n=${n}`,
    columns: ["原因", "要求", "接通", "接通比例"],
    none: ["这段时间没有人要求人工", "换一个时间段试试。"],
  },
  level: {
    title: "每天的服务水平与放弃",
    told: (n: string) => `次/天，服务水平为百分比，要求人工 n=${n}`,
    name: "服务水平",
    offered: "要求人工",
    abandoned: "放弃",
    columns: ["日期", "要求人工", "及时接通", "放弃", "服务水平", "首次回复中位"],
  },
  contained: {
    title: "每天的智能客服接待",
    told: (n: string) => `次/天，智能客服接待 n=${n}`,
    sessions: "智能客服接待",
    name: "客户确认解决",
    columns: ["日期", "智能客服接待", "客户确认解决", "到期的承诺", "已兑现"],
  },
  recent: {
    title: "近 28 天的来访与投诉",
    told: (contacts: string, complaints: string) => `次/天，来访 n=${contacts}，投诉 n=${complaints}`,
    contacts: "来访",
    complaints: "投诉",
    columns: ["日期", "来访", "投诉"],
    none: ["近 28 天没有来访", "有客户来访之后，这里按天显示。"],
  },
  demo: "演示数据",
  demoWhy: "这些数字里有演示数据。",
};
