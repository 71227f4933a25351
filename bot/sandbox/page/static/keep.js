/* Channels left, messages in the middle, people or the drawer right; one column on a phone. */
.app { display: grid; grid-template-columns: 244px minmax(0, 1fr) auto; height: 100dvh; }
.sidebar, .people, .drawer { background: var(--side); min-height: 0; }
.sidebar { display: flex; flex-direction: column; border-right: 1px solid var(--line); }
.guild { padding: 0 16px; font-size: 15.5px; font-weight: 650; line-height: 51px; color: var(--strong); border-bottom: 1px solid var(--line); }
.channels { flex: 1; overflow-y: auto; padding: 0 8px 12px; }
.channel {
  position: relative; display: flex; align-items: center; gap: 7px; width: 100%; min-height: 34px; padding: 4px 9px;
  margin-bottom: 2px; border-radius: 7px; color: var(--quiet); font-weight: 500;
}
.channel:hover { background: var(--hover); color: var(--text); }
.channel.open { background: var(--press); color: var(--strong); }
.channel.unread { color: var(--strong); font-weight: 650; }
.channel.unread::before { content: ""; position: absolute; left: -8px; width: 4px; height: 8px; border-radius: 0 4px 4px 0; background: var(--strong); }
.channel.thread { padding-left: 26px; }
.channel-name { flex: 1; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.channel-mark, .title-mark { padding: 1px 6px; border-radius: 9px; border: 1px solid var(--line); color: var(--quiet); font-size: 10.5px; font-weight: 600; }
.me { padding: 8px; background: var(--rail); border-top: 1px solid var(--line); }
.me-button { display: flex; align-items: center; gap: 10px; width: 100%; padding: 6px 8px; border-radius: 9px; }
.me-button:hover { background: var(--press); }
.me-button .face { width: 34px; height: 34px; font-size: 15px; }
.me-words { display: grid; flex: 1; line-height: 1.2; }
.me-name { font-weight: 600; color: var(--strong); }
.shade { display: none; }

.chat { position: relative; display: flex; flex-direction: column; min-width: 0; min-height: 0; background: var(--chat); }
.chat-head { display: flex; align-items: center; gap: 6px; min-height: 52px; padding: 0 12px 0 16px; border-bottom: 1px solid var(--line); }
#sidebar-button { display: none; }
.channel-title { display: flex; align-items: center; gap: 8px; flex: 1; min-width: 0; color: var(--strong); font-size: 15.5px; font-weight: 650; }
.channel-title .icon { color: var(--quiet); }
.title-text { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.title-mark { white-space: nowrap; }
#drawer-button { position: relative; }
.icon-button[aria-expanded="true"] { color: var(--strong); background: var(--press); }
.bot-control { display: flex; align-items: center; gap: 10px; margin-right: 6px; }
.bot-state { display: inline-flex; align-items: center; gap: 7px; color: var(--quiet); font-size: 13px; white-space: nowrap; }
.bot-state::before { content: ""; width: 9px; height: 9px; border-radius: 50%; background: #8b8d98; }
.bot-online::before { background: #2fa463; }
.bot-starting::before { background: #e0a02c; animation: bob 1.2s infinite; }
.bot-offline::before { background: #e0a02c; }
.bot-killed::before, .bot-died::before, .bot-stopped::before { background: #d2443f; }
.bot-killed, .bot-died { color: var(--bad); font-weight: 600; }
.bot-button { min-height: 32px; padding: 4px 12px; }
.mode { display: flex; align-items: center; justify-content: center; gap: 8px; padding: 5px 16px; background: var(--rail); color: var(--quiet); font-size: 12.5px; line-height: 1.35; text-wrap: balance; border-bottom: 1px solid var(--line); }
.mode.real { background: #7c4a00; color: #fff; font-weight: 600; }
.lost { position: fixed; inset: 0 0 auto; z-index: 25; padding: 7px 16px; background: #a62d33; color: #fff; text-align: center; font-size: 14px; font-weight: 500; }
.log-place { flex: 1; min-height: 0; display: flex; }

.people { width: 226px; border-left: 1px solid var(--line); overflow-y: auto; padding: 0 8px 16px; }
.person { display: flex; align-items: center; gap: 10px; width: 100%; padding: 5px 8px; border-radius: 7px; font-weight: 500; }
.person:hover { background: var(--hover); }
.person .face { width: 32px; height: 32px; font-size: 14px; }
.person.away .face { filter: grayscale(1); }
.person.away .person-name { color: var(--quiet); }
.person-name { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.presence-face { position: relative; display: inline-flex; }
.presence { position: absolute; right: -3px; bottom: -3px; width: 13px; height: 13px; border-radius: 50%; border: 3px solid var(--side); background: #80838e; }
.presence.on { background: #2fa463; }

.hint { display: flex; align-items: center; gap: 14px; margin: 12px 16px 0; padding: 12px 10px 12px 16px; border-radius: 10px; background: var(--private-back); border: 1px solid light-dark(#cdd1f5, #43476e); }
.hint-words { flex: 1; display: grid; gap: 4px; font-size: 14px; }
kbd { padding: 1px 5px; border-radius: 5px; background: var(--sunk); border: 1px solid var(--line); font: 500 12.5px var(--mono); }
.veil { position: absolute; inset: 0; z-index: 12; display: grid; place-items: center; background: light-dark(rgb(240 241 250 / 88%), rgb(26 27 34 / 88%)); border: 3px dashed var(--focus); border-radius: 10px; margin: 6px; pointer-events: none; font-size: 18px; font-weight: 600; color: var(--strong); }

body.people-toggled .people, body.drawer-open .people { display: none; }
@media (min-width: 1500px) { body.drawer-open:not(.people-toggled) .people { display: block; } .app { grid-template-columns: 244px minmax(0, 1fr) auto auto; } }
@media (max-width: 1099px) {
  .people { display: none; }
  body.people-toggled:not(.drawer-open) .people { display: block; position: fixed; inset: 52px 0 0 auto; z-index: 9; box-shadow: var(--shadow); }
}
@media (max-width: 760px) {
  .app { grid-template-columns: minmax(0, 1fr); }
  #sidebar-button { display: inline-grid; }
  .chat-head { padding: 0 6px; gap: 2px; }
  .sidebar { position: fixed; inset: 0 auto 0 0; z-index: 15; width: min(300px, 84vw); visibility: hidden; transform: translateX(-100%); transition: transform 0.18s; }
  body.sidebar-open .sidebar { visibility: visible; transform: none; box-shadow: var(--shadow); }
  body.sidebar-open .shade { display: block; position: fixed; inset: 0; z-index: 14; background: rgb(0 0 0 / 55%); }
  .bot-words { display: none; }
  .bot-control { gap: 8px; margin-right: 2px; }
  .bot-button { padding: 4px 9px; font-size: 13px; }
  .channel-title .icon { display: none; }
  .title-mark { display: none; }
  .mode { justify-content: flex-start; padding: 5px 12px; font-size: 12px; }
  .hint { flex-wrap: wrap; margin: 10px 10px 0; padding: 10px 6px 10px 12px; gap: 8px; position: relative; }
  .hint-words { flex-basis: calc(100% - 44px); padding-right: 34px; }
  .hint .icon-button { position: absolute; top: 6px; right: 6px; }
}
